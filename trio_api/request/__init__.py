"""From the options of a call to the `httpx.Request` of an attempt, and of a redirect. Pure: nothing is sent here."""

from ._body import AsyncPieces as AsyncPieces, Body as Body, BytesStream as BytesStream
from ._build import build_request as build_request, is_keyed_method as is_keyed_method
from ._credentials import filter_for_origin as filter_for_origin, may_have_credentials as may_have_credentials
from ._defaults import ClientDefaults as ClientDefaults, attempt_headers as attempt_headers
from ._fingerprint import fingerprint as fingerprint, url_fingerprint as url_fingerprint
from ._followed import followed_url as followed_url
from ._headers import check_field_name as check_field_name, check_method as check_method, merge_headers as merge_headers
from ._lazy_request import LazyRequest as LazyRequest
from ._options import (
    FinalRequestOptions as FinalRequestOptions,
    RequestOptions as RequestOptions,
    check_timeout as check_timeout,
    make_request_options as make_request_options,
    timeout_parts as timeout_parts,
)
from ._origins import (
    Origin as Origin,
    Origins as Origins,
    named_origin as named_origin,
    origin_of as origin_of,
)
from ._path_template import path_template as path_template
from ._query import Querystring as Querystring
from ._redirects import REDIRECTS as REDIRECTS, RedirectProblem as RedirectProblem, redirect_request as redirect_request
from ._urls import ResolvedURL as ResolvedURL, prepare_base_url as prepare_base_url, resolve_url as resolve_url
