"""`reconcile demo`: the whole story on the embedded ECR, in one command."""


def demo() -> None:
    """Show the whole story on the embedded ECR."""
    from reconciler.cli.commands.sandbox import isolate_environment

    isolate_environment()
    from reconciler.cli.story import tell_story

    tell_story()
