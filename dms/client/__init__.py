"""A client of any ZGW Documenten API: uploads in parts and downloads, over lines that break."""
