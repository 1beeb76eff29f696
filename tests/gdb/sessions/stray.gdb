# The walk through docs/debugging.md, word for word.
# run: {guests}/stray.elf
# doc: ../../../docs/debugging.md
