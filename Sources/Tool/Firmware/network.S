// The packed model, as the file has it.
    .section .model, "a", %progbits
    .balign 64
    .global network_model
network_model:
    .incbin "network.martlet"
