// A layer with no sources yet still links.
