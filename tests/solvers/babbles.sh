#!/bin/sh
# Tells true from false, and says that everything can be, with a model that is none.
asked=0
while read -r line; do
    case "$line" in
    *check-sat*) asked=$((asked + 1)); if [ "$asked" = 2 ]; then echo unsat; else echo sat; fi ;;
    *get-model*) printf "(\n(define-fun what () No such thing)\n)\n" ;;
    esac
done
