"""Files of things (一户一档): their cases, and what follows from them. See README.md."""
