"""Pages for people: what is served, each API's document to read (G-02), and what the errors mean (G-30).

Made on the server, without scripts; nothing on them comes from elsewhere.
"""
