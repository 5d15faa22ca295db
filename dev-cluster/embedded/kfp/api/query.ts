/** Query strings. */
import type { ListRequest } from '../store/listing.ts';

/** As protobuf has it, an empty text is an unset one. */
export function queryText(query: URLSearchParams, name: string): string | undefined {
  const text = query.get(name);
  return text === null || text === '' ? undefined : text;
}

/** Of the list calls; tasks call their order `order_by`. */
export function listRequest(query: URLSearchParams, sortParameter = 'sort_by'): ListRequest {
  return {
    pageSize: queryText(query, 'page_size'),
    pageToken: queryText(query, 'page_token'),
    sortBy: queryText(query, sortParameter),
    filter: queryText(query, 'filter'),
  };
}
