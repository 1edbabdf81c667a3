"""The certificate: levels, intervals and symbols as arrays, of real and simulated studies alike."""
