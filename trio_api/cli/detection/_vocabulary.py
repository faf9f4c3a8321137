"""The words of real APIs: what they call the items, the next page, and the total.

The APIs named beside a word are where it was met; the order within a table is the order of preference.
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "ENVELOPES",
    "HAS_MORE",
    "ITEMS",
    "LIMITS",
    "NEXT_URLS",
    "NOT_ITEMS",
    "OBJECT_TOKENS",
    "OFFSETS",
    "PAGES",
    "TOKENS",
    "TOTALS",
    "TOTAL_PAGES",
]

ITEMS: Final = (
    "data",  # OpenAI, Stripe, JSON:API
    "items",  # Google, Contentful, Spotify
    "results",  # Django REST framework, Notion, HubSpot
    "rows",  # Datasette
    "records",  # Airtable, Salesforce
    "value",  # OData, Microsoft Graph
    "values",  # Bitbucket
    "entries",  # Box, Dropbox
    "Items",  # DynamoDB
    "content",  # Spring Data
    "docs",  # Solr, mongoose-paginate
    "hits",  # Elasticsearch, Algolia
    "objects",
    "list",
    "collection",
    "nodes",
    "result",
)
"""What the array of items is called."""

NOT_ITEMS: Final = frozenset(
    "errors warnings messages links link included columns facets fields primary_keys suggested_facets".split()
)
"""Arrays that stand beside the items."""

ENVELOPES: Final[tuple[tuple[str, ...], ...]] = (
    (),
    ("meta",),  # Twitter, Zendesk
    ("links",),  # JSON:API
    ("_links",),  # HAL
    ("paging",),  # Facebook, HubSpot
    ("paging", "next"),  # HubSpot
    ("paging", "cursors"),
    ("pagination",),
    ("meta", "pagination"),  # Laravel Fractal
    ("pages",),  # Intercom
    ("page",),  # Spring HATEOAS
    ("info",),  # Rick and Morty
    ("metadata",),  # Kubernetes
    ("response_metadata",),  # Slack
    ("cursor",),
    ("response",),  # Solr
    ("pageInfo",),
    ("data",),
    ("result",),
)
"""Objects within the body in which the facts of pagination stand."""

NEXT_URLS: Final = (
    "next",  # Django REST framework, JSON:API, HAL
    "next_url",  # Datasette
    "nextUrl",
    "next_page_url",  # Laravel
    "nextPageUrl",
    "@odata.nextLink",  # OData 4, Microsoft Graph
    "odata.nextLink",
    "nextLink",  # Azure
    "next_link",
    "next_href",  # SoundCloud
    "nextPage",
    "next_page",  # Zendesk
    "nextRecordsUrl",  # Salesforce
)
"""What the URL of the next page is called."""

TOKENS: Final = {
    "nextPageToken": "pageToken",  # Google
    "next_page_token": "page_token",
    "LastEvaluatedKey": "ExclusiveStartKey",  # DynamoDB
    "NextToken": "NextToken",  # AWS
    "nextToken": "nextToken",  # AWS
    "next_token": "next_token",
    "NextMarker": "Marker",  # AWS
    "next_cursor": "cursor",  # Slack
    "nextCursor": "cursor",
    "after_cursor": "after",
    "end_cursor": "after",
    "endCursor": "after",
    "nextPageKey": "nextPageKey",  # Dynatrace
    "next_page_id": "page_id",
    "continuationToken": "continuationToken",
    "continuation_token": "continuation_token",
    "continue": "continue",  # Kubernetes
    "after": "after",  # HubSpot, Reddit
}
"""What the token of the next page is called in the response, and in the request."""

OBJECT_TOKENS: Final = frozenset({"LastEvaluatedKey"})
"""The tokens that are objects; the others are text or numbers."""

HAS_MORE: Final = ("has_more", "hasMore", "has_next", "hasNext")
"""What says that there are more pages."""

PAGES: Final = {
    "page": "page",
    "current_page": "page",  # Laravel
    "currentPage": "page",
    "page_number": "page_number",
    "pageNumber": "pageNumber",
    "pageNo": "pageNo",
    "number": "page",  # Spring Data
}
"""What the number of this page is called in the response, and in the request."""

TOTAL_PAGES: Final = (
    "total_pages",
    "totalPages",  # Spring Data
    "last_page",  # Laravel
    "lastPage",
    "page_count",
    "pageCount",
    "num_pages",
    "pages",
    "nbPages",  # Algolia
)
"""What the number of pages is called."""

OFFSETS: Final = ("offset", "skip", "startAt", "start", "from", "$skip")
"""What the place of the first item is called: Contentful says skip, Jira startAt, Solr start, OData $skip."""

LIMITS: Final = ("limit", "maxResults", "take", "per_page", "page_size", "pageSize", "size", "rows", "$top")
"""What the size of a page is called."""

TOTALS: Final = (
    "total",
    "total_count",
    "totalCount",
    "count",  # Django REST framework
    "total_results",
    "totalResults",
    "total_items",
    "totalItems",
    "totalElements",
    "numFound",  # Solr
    "nbHits",
    "@odata.count",
)
"""What the number of items in all is called."""
