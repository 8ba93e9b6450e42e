/**
 * The shape of events.k8s.io/v1. One line a field; `src/meta/schema/parse.ts` says how to read it.
 */
export const eventsV1 = `
package io.k8s.api.events.v1
version events.k8s.io/v1

Event: kind
   1 metadata+                meta.ObjectMeta
   2 eventTime!               MicroTime
   3 series?                  EventSeries
   4 reportingController      string
   5 reportingInstance        string
   6 action                   string
   7 reason                   string
   8 regarding                core.ObjectReference
   9 related?                 core.ObjectReference
  10 note                     string
  11 type                     string
  12 deprecatedSource         core.EventSource
  13 deprecatedFirstTimestamp Time
  14 deprecatedLastTimestamp  Time
  15 deprecatedCount          int32

EventList: list
  1 metadata meta.ListMeta
  2 items!   [Event]

EventSeries
  1 count!            int32
  2 lastObservedTime! MicroTime
`;
