#!/bin/sh
# Dies at once.
exit 1
