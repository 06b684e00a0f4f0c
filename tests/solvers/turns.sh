#!/bin/sh
# Tells true from false, grants that something can be, and then calls everything proved.
asked=0
while read -r line; do
    case "$line" in *check-sat*) ;; *) continue ;; esac
    asked=$((asked + 1))
    case $asked in 1 | 3) echo sat ;; *) echo unsat ;; esac
done
