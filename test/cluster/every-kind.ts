import type { KubernetesObject } from './objects.ts';
import { sampleProjects, SAMPLE_PROJECTS } from './sample-projects.ts';
import { lab } from './samples/lab.ts';
import { labCluster } from './samples/lab-cluster.ts';
import { type Project, projectBasics } from './samples/project-basics.ts';

const LAB: Project = { name: 'lab', title: 'Lab', requester: 'ben', index: 4 };

/** The projects of `everyKind`. */
export const EVERY_KIND_PROJECTS: readonly string[] = [...SAMPLE_PROJECTS, LAB].map(({ name }) => name);

/**
 * The sample projects, and one more with what they don't have: at least one object of nearly every kind that
 * people or controllers make, for a cluster with controllers. As the sample projects, a cluster can hold it once.
 */
export function everyKind(): KubernetesObject[] {
  return [...labCluster(), ...sampleProjects(), ...projectBasics(LAB), ...lab()];
}
