"""`manage.py serve`: a small parent that owns the listening socket, and the children that serve on it.

    parent      binds, starts children, replaces them; imports nothing heavy
    launcher    makes a child die with its parent, then becomes the child
    child       loads the apps, says what is wrong with the settings, prepares, waits to be told to accept
    web         uvicorn on the parent's socket; the drain
    duties      what a serving process does beside answering: gateway, worker, beat, watch

Nothing here is imported before the command line is read, since settings are read from the environment.
"""
