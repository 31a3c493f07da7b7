# The service with the drivers of all its engines. Build: docker build -t zgw-dms:0.1.0 .
ARG PYTHON=3.13.16-slim-trixie

FROM python:${PYTHON} AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY dms dms
COPY zaak_adapters zaak_adapters
# Everything comes as a wheel, so nothing is compiled; pip stays behind. Versions are bounded in pyproject.toml.
# hadolint ignore=DL3013
RUN python -m venv --without-pip /opt/dms \
 && pip wheel --no-cache-dir --wheel-dir /wheels ".[mongodb,s3]" \
 && pip --python /opt/dms/bin/python install --no-cache-dir --no-index --find-links /wheels "zgw-dms[mongodb,s3]"

FROM python:${PYTHON}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="dms" \
      org.opencontainers.image.description="A document service for Dutch government: the ZGW APIs with streaming content." \
      org.opencontainers.image.licenses="EUPL-1.2" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

RUN groupadd --gid 10001 dms \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin dms \
 && install --directory --owner=10001 --group=10001 --mode=0750 /data
COPY --from=build /opt/dms /opt/dms

ENV PATH=/opt/dms/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DMS_HOST=0.0.0.0 \
    DMS_PORT=8000 \
    DMS_DATA_DIR=/data

# A number, so that an orchestrator can see that it is not root.
USER 10001:10001
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
# http.client, because urllib would heed a proxy that is set for the container.
HEALTHCHECK --interval=15s --timeout=8s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, sys, http.client as h; c = h.HTTPConnection('127.0.0.1', int(os.environ['DMS_PORT']), timeout=7); c.request('GET', '/healthz/ready'); sys.exit(c.getresponse().status != 200)"]
ENTRYPOINT ["dms"]
CMD ["serve"]
