"""The pictures of the infrastructure and of its delivery, drawn from the code that makes them."""
