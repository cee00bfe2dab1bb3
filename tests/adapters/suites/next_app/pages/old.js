import { createElement } from "react";

/** A page of the Pages Router. */
export default function Old({ made }) {
  return createElement("p", null, made);
}

export function getStaticProps() {
  return { props: { made: crypto.randomUUID() }, revalidate: 3600 };
}
