"""Where buffers lie in an arena: rectangles of time and bytes, which know of no network."""

from netweight.placement.best import best as best
from netweight.placement.problem import Buffer as Buffer
from netweight.placement.problem import Placement as Placement
