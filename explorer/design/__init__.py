"""Networks designed from nothing: an input, a stem, rows of blocks, a head, as data; and the module they describe.

A design is plain text values (`NetworkDesign.to_options`), so a project that holds one runs no code of anybody's, and
it is opened by a name as networks of libraries are: "design:lenet_5", or "design:network" with the values as options.
"""

from explorer.design.builder import DesignedNetwork as DesignedNetwork
from explorer.design.builder import build_design as build_design
from explorer.design.network_design import DesignError as DesignError
from explorer.design.network_design import DesignRow as DesignRow
from explorer.design.network_design import NetworkDesign as NetworkDesign
from explorer.design.templates import TEMPLATES as TEMPLATES
from explorer.design.templates import find_design as find_design
