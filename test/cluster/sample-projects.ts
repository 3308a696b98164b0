import type { KubernetesObject } from './objects.ts';
import { blog } from './samples/blog.ts';
import { clusterWide } from './samples/cluster-wide.ts';
import { data } from './samples/data.ts';
import { monitoring } from './samples/monitoring.ts';
import { type Project, projectBasics } from './samples/project-basics.ts';
import { shop } from './samples/shop.ts';

/** The sample projects, as OpenShift would know them. */
export const SAMPLE_PROJECTS: readonly Project[] = [
  { name: 'shop', title: 'Shop', requester: 'anna', index: 0 },
  { name: 'blog', title: 'Blog', requester: 'ben', index: 1 },
  { name: 'data', title: 'Data', requester: 'anna', index: 2 },
  { name: 'monitoring', title: 'Überwachung', requester: 'kube:admin', index: 3 },
];

/**
 * A small world of four projects and what lies around them, the same at every call. It needs OpenShift's
 * types (`installOpenShiftTypes`). Names are fixed, so a cluster can hold it once.
 */
export function sampleProjects(): KubernetesObject[] {
  return [
    ...clusterWide(),
    ...SAMPLE_PROJECTS.flatMap(projectBasics),
    ...shop(),
    ...blog(),
    ...data(),
    ...monitoring(),
  ];
}
