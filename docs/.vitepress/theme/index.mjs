import { useRoute } from 'vitepress';
import DefaultTheme from 'vitepress/theme';
import { nextTick, onMounted, watch } from 'vue';
import './theme.css';

export default {
  extends: DefaultTheme,
  setup() {
    const route = useRoute();
    // The home page of the default theme has no main landmark, and other pages have their own.
    const nameMain = async () => {
      await nextTick();
      const content = document.querySelector('#VPContent');
      if (content?.classList.contains('is-home')) content.setAttribute('role', 'main');
      else content?.removeAttribute('role');
    };
    onMounted(nameMain);
    watch(() => route.path, nameMain);
  },
};
