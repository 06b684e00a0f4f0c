#!/bin/sh
# Tells true from false, and never answers a real query.
asked=0
while read -r line; do
    case "$line" in *check-sat*) ;; *) continue ;; esac
    asked=$((asked + 1))
    case $asked in 1) echo sat ;; 2) echo unsat ;; esac
done
