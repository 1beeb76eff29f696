# Numbers that functions return in XMM0 and on the x87's stack.
# run: {guests}/subject.elf
tbreak half
continue
#= half \(of=5\)
finish
#= Value returned is .* = 2.5
tbreak third
continue
#= third \(of=6\)
finish
#= Value returned is .* = 2$
tbreak quarter
continue
#= quarter \(of=10\)
finish
#= Value returned is .* = 2.5
p $xmm0.v2_double[0]
p half(9)
#= = 4.5
p quarter(3)
#= = 0.75
set $xmm1.v2_double[0] = 1.5
p $xmm1.v2_double[0]
#= = 1.5
p $st0 = 2.25
#= = 2.25
info registers mxcsr fctrl ftag
#= ^mxcsr
#= ^fctrl +0x37f
