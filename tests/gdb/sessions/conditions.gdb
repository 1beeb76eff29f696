# Conditions that the stub evaluates.
# run: {guests}/subject.elf
tbreak count
continue
list count,count
search counter++
break $_ if i == 57 && counter > 3
continue
#= Breakpoint 2, count
p i
#= = 57
p counter
#= = 57
info breakpoints
#= already hit 1 time
