"""Pages, without IO: what a page says of the next one, the shapes, and the engine that decides what to fetch."""

from __future__ import annotations

from ._counted_shapes import OffsetPage as OffsetPage, PageNumberPage as PageNumberPage
from ._crawl import (
    Crawl as Crawl,
    CrawlMode as CrawlMode,
    CrawlStatistics as CrawlStatistics,
    Signal as Signal,
    Ticket as Ticket,
)
from ._cursor_shapes import CursorPage as CursorPage, NextURLPage as NextURLPage, TokenPage as TokenPage
from ._info import PageInfo as PageInfo
from ._link_shape import LinkPage as LinkPage
from ._links import Link as Link, parse_links as parse_links
from ._page import BasePage as BasePage, PageResponse as PageResponse
from ._shape import Page as Page
from ._steps import PagedList as PagedList, next_options as next_options
from ._tokens import decode_positions as decode_positions, decode_tokens as decode_tokens
