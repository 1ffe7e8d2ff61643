/// The version of this tool, which a packed file names in its provenance.
let toolVersion = "0.1.0"
