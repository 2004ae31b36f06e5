/** Something with `/metrics` that can be watched: an endpoint or a release. */
export interface MetricsSource {
  /** The same across restarts and windows: `container:4f1c…` or `staging/iris/3`. */
  id: string;
  /** What people call it. */
  label: string;
  /** Where its server is now; undefined while it does not run. Asked before each scrape. */
  url(): Promise<string | undefined> | string | undefined;
  /** What was put live there, and when. */
  deploys?(): Deploy[];
}

export interface Deploy {
  at: Date;
  label: string;
}
