"""Networks and weights of other projects: state dicts by their key names, modules by tracing."""
