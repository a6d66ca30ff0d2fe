"""The network as an immutable graph: snapshot, trace, hierarchy, recognition, folding."""
