"""How fast whole processes are that read, compare and repair the policies of many repositories."""
