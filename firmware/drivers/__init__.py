"""The only users of `machine`: what a board's parts need, without judgement of their own."""
