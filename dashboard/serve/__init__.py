"""`manage.py serve`: a small parent that owns the listening socket, and the children that serve on it.

    parent      binds, has children serve, replaces them; imports nothing heavy
    launcher    makes a child end with its parent, then becomes the child
    child       loads the apps, says what is wrong with the settings, prepares
    template    the loaded child as a mould: at the parent's word it forks one that serves
    web         uvicorn on the parent's socket; the drain
    supervise   managed scripts; forked from the template too, but not replaced with web
    duties      what a serving process does beside answering: gateway, worker, beat, watch

Loading takes a second, forking a hundredth: so a killed child is replaced before a script gives up, and what
both have loaded is in memory once. A hand-over (SIGHUP) loads anew, the code as it is by then.

Nothing here is imported before the command line is read, since settings are read from the environment.
"""
