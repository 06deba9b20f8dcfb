"""Reply quality (答复质量): how complete, to the point and prompt an office's answer is — advice to the return-visit desk."""
