import datetime
from http import HTTPStatus
from typing import Any

import httpx

from ...client import AuthenticatedClient, Client
from ...models.listing_due import ListingDue
from ...models.listing_list import ListingList
from ...models.listing_sort import ListingSort
from ...models.problem import Problem
from ...models.task_schema_page import TaskSchemaPage
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    text: str | Unset = UNSET,
    programme: str | Unset = UNSET,
    process: str | Unset = UNSET,
    element: str | Unset = UNSET,
    organisation: str | Unset = UNSET,
    due: ListingDue | Unset = UNSET,
    days: int | Unset = UNSET,
    since: datetime.date | Unset = UNSET,
    sort: ListingSort | Unset = UNSET,
    descending: bool | Unset = UNSET,
    cursor: None | str | Unset = UNSET,
    limit: int | Unset = 50,
    list_: ListingList | Unset = ListingList.MINE,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["text"] = text

    params["programme"] = programme

    params["process"] = process

    params["element"] = element

    params["organisation"] = organisation

    json_due: str | Unset = UNSET
    if not isinstance(due, Unset):
        json_due = due.value

    params["due"] = json_due

    params["days"] = days

    json_since: str | Unset = UNSET
    if not isinstance(since, Unset):
        json_since = since.isoformat()
    params["since"] = json_since

    json_sort: str | Unset = UNSET
    if not isinstance(sort, Unset):
        json_sort = sort.value

    params["sort"] = json_sort

    params["descending"] = descending

    json_cursor: None | str | Unset
    if isinstance(cursor, Unset):
        json_cursor = UNSET
    else:
        json_cursor = cursor
    params["cursor"] = json_cursor

    params["limit"] = limit

    json_list_: str | Unset = UNSET
    if not isinstance(list_, Unset):
        json_list_ = list_.value

    params["list"] = json_list_

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/api/v1/tasks",
        "params": params,
    }

    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Problem | TaskSchemaPage:
    if response.status_code == 200:
        response_200 = TaskSchemaPage.from_dict(response.json())

        return response_200

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())

        return response_422

    response_default = Problem.from_dict(response.json())

    return response_default


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[Problem | TaskSchemaPage]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    text: str | Unset = UNSET,
    programme: str | Unset = UNSET,
    process: str | Unset = UNSET,
    element: str | Unset = UNSET,
    organisation: str | Unset = UNSET,
    due: ListingDue | Unset = UNSET,
    days: int | Unset = UNSET,
    since: datetime.date | Unset = UNSET,
    sort: ListingSort | Unset = UNSET,
    descending: bool | Unset = UNSET,
    cursor: None | str | Unset = UNSET,
    limit: int | Unset = 50,
    list_: ListingList | Unset = ListingList.MINE,
) -> Response[Problem | TaskSchemaPage]:
    """List the person's open tasks, those they may claim, or those they have done.

    Args:
        text (str | Unset):
        programme (str | Unset):
        process (str | Unset):
        element (str | Unset):
        organisation (str | Unset):
        due (ListingDue | Unset):
        days (int | Unset):
        since (datetime.date | Unset):
        sort (ListingSort | Unset):
        descending (bool | Unset):
        cursor (None | str | Unset):
        limit (int | Unset):  Default: 50.
        list_ (ListingList | Unset):  Default: ListingList.MINE.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | TaskSchemaPage]
    """

    kwargs = _get_kwargs(
        text=text,
        programme=programme,
        process=process,
        element=element,
        organisation=organisation,
        due=due,
        days=days,
        since=since,
        sort=sort,
        descending=descending,
        cursor=cursor,
        limit=limit,
        list_=list_,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient | Client,
    text: str | Unset = UNSET,
    programme: str | Unset = UNSET,
    process: str | Unset = UNSET,
    element: str | Unset = UNSET,
    organisation: str | Unset = UNSET,
    due: ListingDue | Unset = UNSET,
    days: int | Unset = UNSET,
    since: datetime.date | Unset = UNSET,
    sort: ListingSort | Unset = UNSET,
    descending: bool | Unset = UNSET,
    cursor: None | str | Unset = UNSET,
    limit: int | Unset = 50,
    list_: ListingList | Unset = ListingList.MINE,
) -> Problem | TaskSchemaPage | None:
    """List the person's open tasks, those they may claim, or those they have done.

    Args:
        text (str | Unset):
        programme (str | Unset):
        process (str | Unset):
        element (str | Unset):
        organisation (str | Unset):
        due (ListingDue | Unset):
        days (int | Unset):
        since (datetime.date | Unset):
        sort (ListingSort | Unset):
        descending (bool | Unset):
        cursor (None | str | Unset):
        limit (int | Unset):  Default: 50.
        list_ (ListingList | Unset):  Default: ListingList.MINE.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | TaskSchemaPage
    """

    return sync_detailed(
        client=client,
        text=text,
        programme=programme,
        process=process,
        element=element,
        organisation=organisation,
        due=due,
        days=days,
        since=since,
        sort=sort,
        descending=descending,
        cursor=cursor,
        limit=limit,
        list_=list_,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    text: str | Unset = UNSET,
    programme: str | Unset = UNSET,
    process: str | Unset = UNSET,
    element: str | Unset = UNSET,
    organisation: str | Unset = UNSET,
    due: ListingDue | Unset = UNSET,
    days: int | Unset = UNSET,
    since: datetime.date | Unset = UNSET,
    sort: ListingSort | Unset = UNSET,
    descending: bool | Unset = UNSET,
    cursor: None | str | Unset = UNSET,
    limit: int | Unset = 50,
    list_: ListingList | Unset = ListingList.MINE,
) -> Response[Problem | TaskSchemaPage]:
    """List the person's open tasks, those they may claim, or those they have done.

    Args:
        text (str | Unset):
        programme (str | Unset):
        process (str | Unset):
        element (str | Unset):
        organisation (str | Unset):
        due (ListingDue | Unset):
        days (int | Unset):
        since (datetime.date | Unset):
        sort (ListingSort | Unset):
        descending (bool | Unset):
        cursor (None | str | Unset):
        limit (int | Unset):  Default: 50.
        list_ (ListingList | Unset):  Default: ListingList.MINE.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | TaskSchemaPage]
    """

    kwargs = _get_kwargs(
        text=text,
        programme=programme,
        process=process,
        element=element,
        organisation=organisation,
        due=due,
        days=days,
        since=since,
        sort=sort,
        descending=descending,
        cursor=cursor,
        limit=limit,
        list_=list_,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    text: str | Unset = UNSET,
    programme: str | Unset = UNSET,
    process: str | Unset = UNSET,
    element: str | Unset = UNSET,
    organisation: str | Unset = UNSET,
    due: ListingDue | Unset = UNSET,
    days: int | Unset = UNSET,
    since: datetime.date | Unset = UNSET,
    sort: ListingSort | Unset = UNSET,
    descending: bool | Unset = UNSET,
    cursor: None | str | Unset = UNSET,
    limit: int | Unset = 50,
    list_: ListingList | Unset = ListingList.MINE,
) -> Problem | TaskSchemaPage | None:
    """List the person's open tasks, those they may claim, or those they have done.

    Args:
        text (str | Unset):
        programme (str | Unset):
        process (str | Unset):
        element (str | Unset):
        organisation (str | Unset):
        due (ListingDue | Unset):
        days (int | Unset):
        since (datetime.date | Unset):
        sort (ListingSort | Unset):
        descending (bool | Unset):
        cursor (None | str | Unset):
        limit (int | Unset):  Default: 50.
        list_ (ListingList | Unset):  Default: ListingList.MINE.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | TaskSchemaPage
    """

    return (
        await asyncio_detailed(
            client=client,
            text=text,
            programme=programme,
            process=process,
            element=element,
            organisation=organisation,
            due=due,
            days=days,
            since=since,
            sort=sort,
            descending=descending,
            cursor=cursor,
            limit=limit,
            list_=list_,
        )
    ).parsed
