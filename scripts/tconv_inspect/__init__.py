"""Pictures of what tconv_inspect computes."""
