"""`python -m ressin` is the command `ressin`."""

import sys

from ressin.cli import main

sys.exit(main())
