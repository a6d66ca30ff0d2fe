"""One thread at a time takes torch over.

A symbolic trace, a recording and torch's own export replace methods of `nn.Module` and functions of torch, for the
whole process, and put back what they found. Two at once would follow each other's calls, and the one that ends last
would leave the other's replacement behind. Threads that only run networks need not wait: what is replaced leaves their
calls alone.
"""

from __future__ import annotations

import threading

#: Held by whoever has replaced something of torch's; the same thread may take it again.
INTERCEPTING = threading.RLock()
