"""The flat graph of a built network: a node for each call of a layer, in whatever module it is."""

from torch import fx, nn


class _Tracer(fx.Tracer):
    """Tracer for which torch.nn's layers and channel shuffles are leaves; containers and other
    modules are inlined."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        plain = type(m).__module__.startswith("torch.nn") or isinstance(m, nn.ChannelShuffle)
        return plain and not isinstance(m, nn.Sequential)


def flat_graph(network: nn.Module) -> fx.Graph:
    """The graph of what ``network`` computes; its nodes name layers by their paths there."""
    return _Tracer().trace(network)
