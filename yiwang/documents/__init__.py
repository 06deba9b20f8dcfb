"""Official documents (公文、文书): declared by packs, numbered, sealed, signed, issued from cases. See README.md."""
