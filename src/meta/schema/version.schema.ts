/**
 * ObjectMeta, lists, options, Status, Table: what every object and answer shares. One line a field; `src/meta/schema/parse.ts` says how to read it.
 */
export const metaVersion = `
package io.k8s.apimachinery.pkg.version


Info: noproto
  - major!                string
  - minor!                string
  - emulationMajor        string
  - emulationMinor        string
  - minCompatibilityMajor string
  - minCompatibilityMinor string
  - gitVersion!           string
  - gitCommit!            string
  - gitTreeState!         string
  - buildDate!            string
  - goVersion!            string
  - compiler!             string
  - platform!             string
`;
