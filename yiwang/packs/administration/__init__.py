"""What administrators set in the browser: a layer over the files of packs and city that no installation undoes."""
