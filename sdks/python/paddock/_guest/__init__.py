"""What the host starts behind the walls. Nothing here is for plugins to import."""
