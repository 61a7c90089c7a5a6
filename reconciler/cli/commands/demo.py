"""`reconcile demo`: the whole story on the embedded ECR, in one command."""


def demo() -> None:
    """Show the whole story on the embedded ECR."""
    from reconciler.cli.commands.sandbox import forget_settings

    forget_settings()
    from reconciler.cli.story import tell_story

    tell_story()
