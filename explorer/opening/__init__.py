"""Opening whatever people bring: one way in for files of every format, networks by name, and own code.

A format is recognised by what a file holds, never by its name alone. No file is run, unpickled or imported without
consent; formats that hold code say so before they are touched further.
"""
