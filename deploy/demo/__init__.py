"""Four fictional live-chat vendors on loopback, with an archive that remembers them since 2003, and somewhere to send
mail and messages to. All of it is our own writing; any likeness to a real policy is in what changes, not in the words.
"""
