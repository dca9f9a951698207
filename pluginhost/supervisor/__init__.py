"""Managed scripts: what runs is brought to what is wanted, again and again.

supervisor   the loop: leases, facts, and a look at every script that is kept
keeping      one script: its environment, its instances
instance     one instance: its process, and what is to be done about it next
process      a process as the supervisor sees it: a guard that is told, and that tells
guard        a small program between supervisor and script; it ends the script with the supervisor
output       what a script prints, on its way into rotating files
building     environments
preparing    what a script is started with: its folder, its command, its environment
"""
