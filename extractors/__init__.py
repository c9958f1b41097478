"""What finds mentions in text, and relations between them."""
