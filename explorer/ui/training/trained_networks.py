"""Jobs that bring a network with the weights of a run into the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from explorer.base.cancellation import KeepGoing
from explorer.base.languages import tr

if TYPE_CHECKING:
    from explorer.network import Network
    from explorer.training.run_folder import RunFolder
    from explorer.ui.base.opening_jobs import OpenedNetwork


def load_trained(run: RunFolder, network: Network, keep_going: KeepGoing) -> Network:
    """Return the open network with the weights that a run found, fitted to its data where it is not yet."""
    from explorer.training.train import fit_network

    spec = run.read_spec()
    fitted = fit_network(network, spec.data)
    name = tr("trained on {data}", data=spec.data.title)
    return fitted.with_weights(fitted.read_weights(run.weights_path, name=name))


def open_trained(run: RunFolder, keep_going: KeepGoing) -> OpenedNetwork:
    """Open the network of a run with the weights that it found, its own where there are none yet."""
    from explorer.training.launch import open_kept_network
    from explorer.ui.base.opening_jobs import open_at_level_job

    network = open_kept_network(run.network_path, trusted=True)  # the user has opened what the run is of
    if run.weights_path.exists():
        name = tr("trained on {data}", data=run.read_spec().data.title)
        network = network.with_weights(network.read_weights(run.weights_path, name=name))
    return open_at_level_job(network, "blocks")(keep_going)
