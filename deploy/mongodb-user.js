// The user of dms: it reads and writes its own database, makes its indexes, and can do nothing else.
db.getSiblingDB("dms").createUser({
  user: "dms",
  pwd: process.env.MONGODB_PASSWORD,
  roles: [{ role: "readWrite", db: "dms" }],
});
