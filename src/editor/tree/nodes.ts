import type * as vscode from 'vscode';
import type { Endpoint } from '../../core/endpoint/endpoint';
import type { TensorSpec } from '../../core/model/signature';
import type { Release, Target } from '../../core/target/target';
import type { Model } from '../services';

/** What the views show; a command on an item gets its node. */
export type Node =
  | { kind: 'model'; model: Model }
  | GroupNode
  | { kind: 'tensor'; tensor: TensorSpec; role: 'input' | 'output' }
  | DetailNode
  | { kind: 'sample'; samples: vscode.Uri; key: string }
  /** `under` is the item it is shown below in a view that may show it more than once. */
  | { kind: 'endpoint'; endpoint: Endpoint; under?: string }
  | { kind: 'target'; target: Target; error?: Error; known: boolean }
  /** All releases of one model on a target, which share its stable address. */
  | { kind: 'releases'; target: Target; model: string; releases: Release[] }
  | { kind: 'release'; release: Release; target?: Target; under?: string };

/** Nodes under a title; `folded` is one that is opened by whoever wants to see it. */
export interface GroupNode {
  kind: 'group';
  title: string;
  icon: string;
  children: Node[];
  folded?: boolean;
  context?: string;
  model?: Model;
}

/** Something to read, and perhaps to click. */
export interface DetailNode {
  kind: 'detail';
  label: string;
  description?: string;
  icon: string;
  /** Whether it says what is wrong. */
  wrong?: boolean;
  command?: vscode.Command;
}
