"""`reconcile demo`: all steps from a file to a rollback, on the embedded ECR."""


def demo() -> None:
    """Show plan, apply, drift and rollback on the embedded ECR."""
    from reconciler.cli.commands.sandbox import isolate_environment

    isolate_environment()
    from reconciler.cli.demo import run_demo

    run_demo()
