"""The guide panel: what the network brought, with links into the diagram."""
